# Writes kernel_sources.cpp: the files of kernels/ that a compiled program is made with (src/jit), as text, and how to
# compile them. Each file comes after those it includes.
set(files methods.hpp opcodes.hpp table.hpp simd.hpp newton.hpp sincos.hpp digamma.hpp operations.hpp rules.ipp advance.ipp fused.ipp)
list(TRANSFORM LANEWISE_ISAS APPEND .hpp OUTPUT_VARIABLE isa_files)
set(entries "")
foreach(file IN LISTS isa_files files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/${file})
    file(READ ${PROJECT_SOURCE_DIR}/kernels/${file} text)
    set(of_one_isa false)
    if(file IN_LIST isa_files)
        set(of_one_isa true)
    endif()
    string(APPEND entries "    {\"${file}\", R\"lanewise(${text})lanewise\", ${of_one_isa}},\n")
endforeach()

set(cases "")
foreach(isa IN LISTS LANEWISE_ISAS)
    set(flags ${LANEWISE_KERNEL_FLAGS} ${LANEWISE_ISA_FLAGS_${isa}})
    list(FILTER flags INCLUDE REGEX "^-[^W]")
    string(APPEND cases "        case Isa::${isa}: return \"${flags}\";\n")
endforeach()
set(include ${XSIMD_INCLUDE_DIR} ${Sleef_INCLUDE_DIR})
list(REMOVE_DUPLICATES include)
list(REMOVE_ITEM include ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
list(TRANSFORM include PREPEND -isystem)

set(LANEWISE_KERNEL_SOURCES ${PROJECT_BINARY_DIR}/kernel_sources.cpp)
file(CONFIGURE OUTPUT ${LANEWISE_KERNEL_SOURCES} @ONLY CONTENT [[
#include "jit/kernel_sources.hpp"

namespace lanewise::jit {

namespace {

constexpr KernelSource sources[] = {
@entries@};

}  // namespace

std::span<const KernelSource> kernel_sources() {
    return sources;
}

std::string_view flags_of(Isa isa) {
    switch (isa) {
@cases@        default: return "";
    }
}

std::string_view include_flags() {
    return "@include@";
}

std::string_view link_flags() {
    return "@Sleef_LIBRARY@";
}

}  // namespace lanewise::jit
]])
