import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Image)
    buildType(Publish)
}

object Image : BuildType({
    name = "image"
    steps {
        script {
            scriptContent = """
                docker build --build-arg BUILT=$(date +%s) -t registry.example/shop:1.4.2 .  # FINDING
            """.trimIndent()
        }
    }
})

object Publish : BuildType({
    name = "publish"
    steps {
        script {
            scriptContent = """
                pip install build twine  # FINDING
                npm install -g semantic-release  # FINDING
                twine upload dist/*
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Image) {}
    }
})
