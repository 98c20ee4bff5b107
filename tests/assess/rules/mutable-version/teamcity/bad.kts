import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Deploy)
    buildType(Tool)
}

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                kubectl set image deployment/shop shop=registry.example:5000/shop:latest  # FINDING
                helm upgrade --install --atomic shop ./chart --set image.tag=main  # FINDING
            """.trimIndent()
        }
    }
})

object Tool : BuildType({
    name = "tool"
    steps {
        script {
            scriptContent = """
                helm upgrade --install --atomic --devel tool charts/tool  # FINDING
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy) {}
    }
})
