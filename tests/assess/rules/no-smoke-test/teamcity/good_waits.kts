import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Deploy)
    buildType(Infrastructure)
}

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                helm upgrade --install --atomic shop ./chart
            """.trimIndent()
        }
    }
})

object Infrastructure : BuildType({
    name = "infrastructure"
    steps {
        script {
            scriptContent = """
                terraform apply plan.out
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy) {}
    }
})
