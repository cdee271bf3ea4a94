# Installs the build, builds the consumer against the install tree and runs it.
# Usage: cmake -DBUILD=... -DSOURCE=... -DWORK=... -DCXX=... -P consumer.cmake
file(REMOVE_RECURSE ${WORK})
foreach(command IN ITEMS
        "${CMAKE_COMMAND};--install;${BUILD};--prefix;${WORK}/installed"
        "${CMAKE_COMMAND};-S;${SOURCE};-B;${WORK}/build;-G;Ninja;-DCMAKE_CXX_COMPILER=${CXX};-DCMAKE_BUILD_TYPE=Release;-DCMAKE_PREFIX_PATH=${WORK}/installed"
        "${CMAKE_COMMAND};--build;${WORK}/build"
        "${WORK}/build/consumer"
        "${WORK}/installed/bin/lanewise;info")
    execute_process(COMMAND ${command} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
