import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Deploy)
    buildType(Other)
}

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                kubectl set image deployment/shop shop=registry.example:5000/shop:1.4.2
                helm upgrade --install --atomic shop ./chart --set image.tag=1.4.2 --namespace staging
            """.trimIndent()
        }
    }
})

object Other : BuildType({
    name = "other"
    steps {
        script {
            scriptContent = """
                kubectl apply -f k8s/latest
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy) {}
    }
})
