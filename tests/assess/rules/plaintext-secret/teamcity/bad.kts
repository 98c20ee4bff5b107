import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2024.12"

project {
    buildType(Work)
}

object Work : BuildType({
    name = "Work"
    params {
        param("env.DB_PASSWORD", "hx7-Qp2vT9wLm4Zk")  // FINDING
        param("env.NPM_TOKEN", "q8Rt-2mKz7Wp4XvB")  // FINDING
    }
    steps {
        script {
            scriptContent = """
                make
            """.trimIndent()
        }
    }
})
