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
                docker build -t registry.example/shop:staging .
                docker push registry.example/shop:staging
            """.trimIndent()
        }
    }
})

object Deploy_production : BuildType({
    name = "deploy_production"
    steps {
        script {
            scriptContent = """
                docker build -t registry.example/shop:production .  # FINDING
                docker push registry.example/shop:production
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy_staging) {}
    }
})
