import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Build)
    buildType(Deploy_staging)
    buildType(Deploy_production)
}

object Build : BuildType({
    name = "build"
    steps {
        script {
            scriptContent = """
                npm run build
            """.trimIndent()
        }
    }
})

object Deploy_staging : BuildType({
    name = "deploy_staging"
    steps {
        script {
            scriptContent = """
                serverless deploy --package dist --stage staging
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Build) {}
    }
})

object Deploy_production : BuildType({
    name = "deploy_production"
    steps {
        script {
            scriptContent = """
                serverless deploy --package dist --stage production
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy_staging) {}
    }
})
