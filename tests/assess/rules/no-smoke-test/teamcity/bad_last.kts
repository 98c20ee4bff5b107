import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Build)
    buildType(Deploy)
}

object Build : BuildType({
    name = "build"
    steps {
        script {
            scriptContent = """
                make build
            """.trimIndent()
        }
    }
})

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                kubectl apply -f k8s/namespace.yaml
                kubectl --namespace shop apply -f k8s/shop.yaml  # FINDING
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Build) {}
    }
})
