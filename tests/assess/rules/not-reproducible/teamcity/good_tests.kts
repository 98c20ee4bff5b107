import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Test)
}

object Test : BuildType({
    name = "test"
    steps {
        script {
            scriptContent = """
                pip install tox
                tox
            """.trimIndent()
        }
    }
})
