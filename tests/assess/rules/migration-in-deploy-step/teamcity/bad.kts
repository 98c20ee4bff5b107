import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Deploy)
    buildType(Site)
}

object Deploy : BuildType({
    name = "deploy"
    steps {
        script {
            scriptContent = """
                python manage.py migrate  # FINDING
                kubectl set image deployment/shop shop=registry.example/shop:1.4.2
            """.trimIndent()
        }
    }
})

object Site : BuildType({
    name = "site"
    steps {
        script {
            scriptContent = """
                npx prisma migrate deploy  # FINDING
                helm upgrade --install shop ./chart
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy) {}
    }
})
