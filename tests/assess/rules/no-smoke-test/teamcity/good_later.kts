import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Deploy)
    buildType(Smoke)
}

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                kubectl set image deployment/shop shop=registry.example/shop:1.4.2
            """.trimIndent()
        }
    }
})

object Smoke : BuildType({
    name = "smoke"
    steps {
        script {
            scriptContent = """
                make smoke
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy) {}
    }
})
