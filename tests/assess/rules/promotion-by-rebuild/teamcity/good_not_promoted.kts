import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Test_dev)
    buildType(Backup)
    buildType(Production)
}

object Test_dev : BuildType({
    name = "test_dev"
    steps {
        script {
            scriptContent = """
                npm run build
                npm test
            """.trimIndent()
        }
    }
})

object Backup : BuildType({
    name = "backup"
    steps {
        script {
            scriptContent = """
                aws s3 sync s3://shop-production s3://shop-archive
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Test_dev) {}
    }
})

object Production : BuildType({
    name = "production"
    steps {
        script {
            scriptContent = """
                npm run build
                npm test
            """.trimIndent()
        }
    }
    dependencies {
        snapshot(Backup) {}
    }
})
