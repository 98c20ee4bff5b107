import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Build)
    buildType(Deploy_staging)
    buildType(Deploy_production)
}

object Build : BuildType({
    name = "build"
    steps {
        script {
            scriptContent = """
                docker build -t registry.example/shop:1.4.2 .
                docker push registry.example/shop:1.4.2
            """.trimIndent()
        }
    }
})

object Deploy_staging : BuildType({
    name = "deploy_staging"
    steps {
        script {
            scriptContent = """
                helm upgrade --install --atomic shop ./chart --namespace staging
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Build) {}
    }
})

object Deploy_production : BuildType({
    name = "deploy_production"
    steps {
        script {
            scriptContent = """
                helm upgrade --install --atomic shop ./chart --namespace production
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Deploy_staging) {}
    }
})
