import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Publish)
    buildType(Other)
}

object Publish : BuildType({
    name = "publish"
    steps {
        script {
            scriptContent = """
                docker build -t registry.example/shop:latest -t registry.example/shop:%env.REVISION% .
                docker push registry.example/shop:latest
            """.trimIndent()
        }
    }
})

object Other : BuildType({
    name = "other"
    steps {
        script {
            scriptContent = """
                docker build -t registry.example/other .
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Publish) {}
    }
})
