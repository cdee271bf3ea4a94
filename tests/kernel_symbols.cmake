# Only its table leaves the object file of a kernel or a native objective: a weak symbol compiled for AVX-512 could be the one the linker takes for
# everyone. Usage: cmake -DNM=nm -DOBJECTS=a.o,b.o -DISAS="sse2|avx2" -P kernel_symbols.cmake
string(REPLACE "," ";" objects "${OBJECTS}")
set(checked 0)
foreach(object IN LISTS objects)
    if(NOT object MATCHES "/(${ISAS})\\.cpp")
        continue()
    endif()
    execute_process(COMMAND ${NM} --defined-only --extern-only --demangle ${object}
                    OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
    string(STRIP "${symbols}" symbols)
    if(NOT symbols MATCHES "^[0-9a-f]+ [DR] (lanewise::kernels::|lanewise_native_[a-z0-9_]+_)(${ISAS})(_table)?$")
        message(FATAL_ERROR "${object} shows more than its table:\n${symbols}")
    endif()
    math(EXPR checked "${checked} + 1")
endforeach()
if(NOT checked GREATER 3)
    message(FATAL_ERROR "no kernels and native objectives among ${objects}")
endif()
