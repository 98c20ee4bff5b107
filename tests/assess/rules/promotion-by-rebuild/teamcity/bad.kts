import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Deploy_staging)
    buildType(Deploy_production)
}

object Deploy_staging : BuildType({
    name = "deploy_staging"
    steps {
        script {
            scriptContent = """
                npm run build
                serverless deploy --stage staging
            """.trimIndent()
        }
    }
})

object Deploy_production : BuildType({
    name = "deploy_production"
    steps {
        script {
            scriptContent = """
                npm run build  # FINDING
                serverless deploy --stage production
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy_staging) {}
    }
})
