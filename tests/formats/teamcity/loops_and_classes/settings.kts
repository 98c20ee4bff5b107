import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.*
import jetbrains.buildServer.configs.kotlin.triggers.vcs

version = "2024.03"

enum class Os(val label: String, val agent: String) {
    LINUX("Linux", "Linux"),
    WINDOWS("Windows", "Windows Server"),
}

data class Lib(val name: String, val folder: String = "libs/$name")

val javas = listOf("11", "17")
val libs = listOf(Lib("core"), Lib("web", "frontend"))
const val DEFAULT_MEMORY = 2 * 1024

project {
    val tests = Os.values().flatMap { os -> javas.map { java -> Test(os, java) } }

    sequential {
        buildType(Prepare)
        parallel(options = { onDependencyFailure = FailureAction.CANCEL }) {
            tests.forEach { buildType(it) }
            for (lib in libs) {
                buildType(Library(lib))
            }
        }
        buildType(Publish)
    }

    subProject(Nightly)
}

abstract class Common(title: String, steps: BuildSteps.() -> Unit) : BuildType({
    name = title
    id(title.toId())
    vcs {
        root(DslContext.settingsRoot)
    }
    this.steps(steps)
}) {
    init {
        limits()
    }

    private fun limits(minutes: Int = 30) {
        failureConditions {
            executionTimeoutMin = minutes
        }
    }
}

class Test(os: Os, java: String) : Common("Test ${os.label} $java", {
    script {
        scriptContent = """
            |export JAVA=$java
            |./test.sh --memory ${DEFAULT_MEMORY}m
        """.trimMargin()
    }
    if (os == Os.WINDOWS) {
        powerShell {
            edition = PowerShellStep.Edition.Core
            scriptMode = script {
                content = "Get-ChildItem"
            }
        }
    } else {
        exec {
            path = "ls"
            arguments = "-la"
        }
    }
}) {
    init {
        onOs(os)
        params {
            param("env.JAVA_HOME", "%env.JDK_${java}_0%")
        }
    }
}

class Library(lib: Lib) : Common("Library ${lib.name}", {
    when (lib.name) {
        "web" -> nodeJS {
            workingDir = lib.folder
            shellScript = "npm ci && npm test"
        }
        else -> maven {
            goals = "verify"
            pomLocation = "${lib.folder}/pom.xml"
            runnerArgs = "-B"
        }
    }
})

fun BuildType.onOs(os: Os) {
    requirements {
        contains("teamcity.agent.jvm.os.name", os.agent)
    }
}

fun BuildSteps.say(what: String, times: Int = 1) = repeat(times) {
    script { scriptContent = "echo $what $it" }
}

object Prepare : BuildType({
    name = "Prepare"
    steps {
        say("hello", 2)
        python {
            command = module {
                module = "pytest"
                scriptArguments = "-q"
            }
        }
    }
})

object Publish : BuildType({
    name = "Publish"
    triggers {
        vcs {}
    }
    features {
        matrix {
            os = listOf(
                value("Linux"),
                value("Mac", label = "macOS")
            )
            param("browser", listOf(value("firefox"), value("chrome")))
        }
    }
    steps {
        script {
            scriptContent = "publish --os %os% --browser %browser%"
        }
    }
})

object Nightly : Project({
    name = "Nightly"
    params {
        param("mode", "deep")
    }
    buildType {
        id("Nightly_Scan")
        name = "Scan"
        steps {
            script { scriptContent = "scan --%mode%" }
        }
        triggers {
            schedule {
                schedulingPolicy = cron {
                    hours = "1,13"
                    dayOfWeek = "MON-FRI"
                    timezone = "UTC"
                }
                triggerBuild = always()
                withPendingChangesOnly = false
            }
        }
    }
})
