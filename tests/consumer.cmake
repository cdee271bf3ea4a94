# Installs the build, builds the consumer against the install tree and runs it.
# Usage: cmake -DBUILD=... -DSOURCE=... -DWORK=... -DCXX=... -DCC=... -P consumer.cmake
file(REMOVE_RECURSE ${WORK})
foreach(command IN ITEMS
        "${CMAKE_COMMAND};--install;${BUILD};--prefix;${WORK}/installed"
        "${CMAKE_COMMAND};-S;${SOURCE};-B;${WORK}/build;-G;Ninja;-DCMAKE_CXX_COMPILER=${CXX};-DCMAKE_BUILD_TYPE=Release;-DCMAKE_PREFIX_PATH=${WORK}/installed"
        "${CMAKE_COMMAND};--build;${WORK}/build"
        "${WORK}/build/consumer"
        "${WORK}/installed/bin/lanewise;info")
    execute_process(COMMAND ${command} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# The C interface, by pkg-config.
file(GLOB_RECURSE pc ${WORK}/installed/lanewise.pc)
cmake_path(GET pc PARENT_PATH folder)
cmake_path(GET folder PARENT_PATH libraries)
find_program(PKG_CONFIG NAMES pkg-config pkgconf REQUIRED)
execute_process(COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${folder} ${PKG_CONFIG} --cflags --libs lanewise
                OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
execute_process(COMMAND ${CC} -std=c99 -Wall -Wextra -Wpedantic -Werror ${SOURCE}/../../examples/c_interface.c ${flags}
                        -Wl,-rpath,${libraries} -o ${WORK}/c_interface COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${WORK}/c_interface COMMAND_ERROR_IS_FATAL ANY)
