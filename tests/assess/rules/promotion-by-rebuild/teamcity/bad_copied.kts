import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Promote)
}

object Promote : BuildType({
    name = "promote"
    steps {
        script {
            scriptContent = """
                aws s3 sync s3://shop-staging s3://shop-production  # FINDING
                rsync --archive deploy@staging.example:/srv/shop/ deploy@production.example:/srv/shop/  # FINDING
            """.trimIndent()
        }
    }
})
