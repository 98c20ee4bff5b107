import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Work)
}

object Work : BuildType({
    name = "Work"
    maxRunningBuilds = 1
    steps {
        script {
            scriptContent = """
                helm upgrade --install --atomic shop ./chart
            """.trimIndent()
        }
    }
})
