import jetbrains.buildServer.configs.kotlin.*

/*
 * Shapes that nobody can know without running them.
 */
version = "2023.11"

project {
    buildType(Known)
    buildType(Elsewhere)
    val extra = System.getenv("EXTRA")
    if (extra != null) {
        buildType(Known)
    }
    features {
        feature {
            id = "CONNECTION_1"
            type = "OAuthProvider"
            param("displayName", "GitHub")
        }
    }
    cleanup {
        baseRule {
            artifacts(days = 30)
        }
    }
}

val computed = java.time.LocalDate.now().toString()

object Known : BuildType({
    templates(AbsoluteId("CompanyDefaults"))
    name = "Known $computed"
    description = "an odd one: \"quotes\", ünïcode, a \$dollar"
    buildNumberPattern = "1.%build.counter%"

    params {
        param("system.depth", "3")
        param("configured", "%system.depth%-%vault:secret/data!/key%")
        checkbox("fast", "true", checked = "true", unchecked = "false")
        password("plain", "hunter2")
    }

    vcs {
        root(AbsoluteId("Company_Tools"), "+:tools => tools")
        root(OwnRoot)
        checkoutMode = CheckoutMode.ON_AGENT
    }

    steps {
        while (more()) { script { scriptContent = "never known" } }
        step {
            type = "company-runner"
            param("level", "%fast%")
        }
        dotnetBuild {
            projects = "src/App.sln"
            configuration = "Release"
            sdk = "8"
        }
        script {
            name = "computed"
            enabled = false
            scriptContent = "echo $computed " + listOf("a", "b").joinToString(" ") { "<$it>" }
        }
        ant {
            mode = antFile {
                path = "build.xml"
            }
            targets = "jar"
        }
    }

    triggers {
        vcs {
            branchFilter = "+:*"
            quietPeriodMode = VcsTrigger.QuietPeriodMode.USE_DEFAULT
        }
        retryBuild {
            attempts = 2
        }
        trigger {
            type = "urlBuildTrigger"
            param("url", "https://example.org")
        }
        schedule {
            schedulingPolicy = cron {
                minutes = "15"
                dayOfWeek = "2#1"
            }
            triggerBuild = onWatchedBuildChange {
                buildType = "Other_Build"
            }
        }
    }

    features {
        sharedResources {
            writeLock("database")
        }
        buildCache {
            name = "npm"
            rules = ".npm/"
        }
        xmlReport {
            reportType = XmlReport.XmlReportType.JUNIT
            rules = "build/test-results/**/*.xml"
        }
        swabra {
            forceCleanCheckout = true
        }
    }

    requirements {
        exists("env.DOCKER")
    }

    dependencies {
        artifacts(AbsoluteId("Other_Build")) {
            buildRule = lastSuccessful()
            artifactRules = "app.zip!** => app"
        }
    }

    maxRunningBuilds = 1
})

object OwnRoot : GitVcsRoot({
    name = "own"
    url = "https://example.org/own.git"
    branch = "refs/heads/main"
})
