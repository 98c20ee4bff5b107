import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Publish)
    buildType(Container)
}

object Publish : BuildType({
    name = "publish"
    steps {
        script {
            scriptContent = """
                pip install build==1.3.0 twine==6.2.0
                pip install -r requirements.txt
                pip install .
                npm install -g semantic-release@25
                twine upload dist/*
            """.trimIndent()
        }
    }
})

object Container : BuildType({
    name = "container"
    steps {
        script {
            scriptContent = """
                export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
                docker build --build-arg BUILT=$(date -u -d @1) -t registry.example/shop:1.4.2 .
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Publish) {}
    }
})
