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
                docker build --label org.opencontainers.image.revision=%env.REVISION% -t registry.example/shop .
                docker push registry.example/shop
            """.trimIndent()
        }
    }
})
