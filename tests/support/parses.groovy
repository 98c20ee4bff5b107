// Reads names of files, one a line; answers for each `ok`, or the first line of what Groovy's parser says.
import org.codehaus.groovy.control.CompilationFailedException
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.Phases

System.in.eachLine { name ->
    def unit = new CompilationUnit()
    unit.addSource(new File(name))
    try {
        unit.compile(Phases.CONVERSION)
        println 'ok'
    } catch (CompilationFailedException error) {
        println error.message.readLines().findAll { it.trim() }.take(2).join(' ')
    } catch (Throwable error) {
        println "internal: ${error.class.name}"
    }
    System.out.flush()
}
