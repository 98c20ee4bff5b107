import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Deploy)
    buildType(Cluster)
    buildType(Test)
}

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                helm upgrade --install --atomic --timeout 5m shop ./chart
            """.trimIndent()
        }
    }
})

object Cluster : BuildType({
    name = "cluster"
    steps {
        script {
            scriptContent = """
                kubectl set image deployment/shop shop=registry.example/shop:1.4.2
                kubectl rollout status deployment/shop --timeout 5m || kubectl rollout undo deployment/shop
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy) {}
    }
})

object Test : BuildType({
    name = "test"
    steps {
        script {
            scriptContent = """
                helm lint ./chart
                kubectl apply --dry-run=server -f k8s
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Cluster) {}
    }
})
