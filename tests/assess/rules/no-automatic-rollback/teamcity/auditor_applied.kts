import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Deploy)
}

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                kubectl apply -f k8s/  # FINDING
            """.trimIndent()
        }
    }
})
