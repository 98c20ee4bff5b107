import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Publish)
}

object Publish : BuildType({
    name = "publish"
    steps {
        script {
            scriptContent = """
                docker build -t registry.example/shop:$(date +%Y%m%d) .
                docker push registry.example/shop:$(date +%Y%m%d)  # FINDING
            """.trimIndent()
        }
    }
})
