import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Deploy)
    buildType(Cluster)
}

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                helm upgrade --install shop ./chart --namespace shop  # FINDING
            """.trimIndent()
        }
    }
})

object Cluster : BuildType({
    name = "cluster"
    steps {
        script {
            scriptContent = """
                kubectl --context production set image deployment/shop shop=registry.example/shop:1.4.2  # FINDING
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy) {}
    }
})
