import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Test)
    buildType(Publish)
}

object Test : BuildType({
    name = "test"
    steps {
        script {
            scriptContent = """
                make test
            """.trimIndent()
        }
    }
})

object Publish : BuildType({
    name = "publish"
    steps {
        script {
            scriptContent = """
                docker push registry.example/shop:1.4.2  # FINDING
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Test) {}
    }
})
