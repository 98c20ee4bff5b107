import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Check)
    buildType(Deploy_staging)
    buildType(Deploy_production)
}

object Check : BuildType({
    name = "check"
    steps {
        script {
            scriptContent = """
                conftest test chart
            """.trimIndent()
        }
    }
})

object Deploy_staging : BuildType({
    name = "deploy_staging"
    steps {
        script {
            scriptContent = """
                conftest test chart
                kubectl --namespace staging set image deployment/shop shop=registry.example/shop:1.4.2  # FINDING
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Check) {}
    }
})

object Deploy_production : BuildType({
    name = "deploy_production"
    steps {
        script {
            scriptContent = """
                conftest test chart
                kubectl set image deployment/shop shop=registry.example/shop:1.4.2  # FINDING
                curl --fail -X POST -d @event.json https://events.example/deployed
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy_staging) {}
    }
})
