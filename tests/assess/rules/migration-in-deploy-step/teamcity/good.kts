import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Test)
    buildType(Deploy)
}

object Test : BuildType({
    name = "test"
    steps {
        script {
            scriptContent = """
                python manage.py migrate
                python manage.py test
            """.trimIndent()
        }
    }
})

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                kubectl set image deployment/shop shop=registry.example/shop:1.4.2
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Test) {}
    }
})
