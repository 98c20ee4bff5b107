import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Api_dev)
    buildType(Web_production)
}

object Api_dev : BuildType({
    name = "api_dev"
    steps {
        script {
            scriptContent = """
                docker build -t registry.example/api:dev api
            """.trimIndent()
        }
    }
})

object Web_production : BuildType({
    name = "web_production"
    steps {
        script {
            scriptContent = """
                docker build -t registry.example/web:production web
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Api_dev) {}
    }
})
