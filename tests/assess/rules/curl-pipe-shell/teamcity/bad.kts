import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Work)
}

object Work : BuildType({
    name = "Work"
    steps {
        script {
            scriptContent = """
                curl -sSL https://get.tool.example/install.sh | bash  # FINDING
                curl -o tool.tgz http://downloads.tool.example.com/tool.tgz  # FINDING
            """.trimIndent()
        }
    }
})
