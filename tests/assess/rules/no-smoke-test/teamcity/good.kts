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
                kubectl set image deployment/shop shop=registry.example/shop:1.4.2
                curl --fail --retry 10 https://shop.example/ready
            """.trimIndent()
        }
    }
})
