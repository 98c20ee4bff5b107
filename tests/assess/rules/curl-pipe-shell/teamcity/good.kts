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
                curl -fsSLo tool.tgz https://downloads.tool.example/tool-1.4.2.tgz
                curl -o tool.tgz http://downloads.tool.example.com/tool.tgz
                echo "0a1b  tool.tgz" | sha256sum --check
            """.trimIndent()
        }
    }
})
