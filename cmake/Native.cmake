# lanewise_add_native(TARGET NAME SOURCE)
#
# Compiles a native objective (lanewise/native.hpp) once per instruction set into TARGET, which is linked to lanewise, and
# defines the function
#     const lanewise::Objective& NAME();
# for it, which your code declares. NAME may be qualified: my::bowl. A search picks the instruction set at run time, as
# for lanewise's own kernels.
function(lanewise_add_native target name source)
    if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*)*$")
        message(FATAL_ERROR "lanewise_add_native: '${name}' is not the name of a function")
    endif()
    find_path(XSIMD_INCLUDE_DIR xsimd/xsimd.hpp)
    if(NOT XSIMD_INCLUDE_DIR)
        message(FATAL_ERROR "lanewise_add_native needs the headers of xsimd; XSIMD_INCLUDE_DIR says where they are")
    endif()
    include(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/Kernels.cmake)
    cmake_path(ABSOLUTE_PATH source NORMALIZE)
    string(REPLACE "::" "__" id ${name})
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}_native/${id})

    set(tables "")
    set(builds "")
    foreach(isa IN LISTS LANEWISE_ISAS)
        set(table lanewise_native_${id}_${isa})
        file(CONFIGURE OUTPUT ${folder}/${isa}.cpp @ONLY CONTENT [[
#include <lanewise/kernels/@isa@.hpp>
#define LANEWISE_NATIVE_TABLE @table@
#include "@source@"  // NOLINT(bugprone-suspicious-include)
]])
        lanewise_isa_source(${target} ${isa} ${folder}/${isa}.cpp)
        string(APPEND tables "extern \"C\" const lanewise::kernels::Native ${table};\n")
        list(APPEND builds "{lanewise::Isa::${isa}, &${table}}")
    endforeach()
    list(JOIN builds ",\n        " builds)
    string(REGEX REPLACE ".*::" "" function ${name})
    set(declaration "const lanewise::Objective& ${function}();")
    if(name MATCHES "^(.*)::")
        set(declaration "namespace ${CMAKE_MATCH_1} {\n${declaration}\n}")
    endif()
    file(CONFIGURE OUTPUT ${folder}/objective.cpp @ONLY CONTENT [[
#include <lanewise/native_objective.hpp>

@tables@
@declaration@

const lanewise::Objective& @name@() {
    static const lanewise::NativeObjective objective{
        @builds@};
    return objective;
}
]])
    target_sources(${target} PRIVATE ${folder}/objective.cpp)
    target_link_libraries(${target} PRIVATE lanewise::lanewise Sleef::sleef)
endfunction()
