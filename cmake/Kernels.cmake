# Code that is compiled once per instruction set, each time with that set's flags. Optimised in every build type:
# inline functions must not leave such a file (tests/kernel_symbols.cmake).
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(LANEWISE_ISAS sse2 avx2 avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(LANEWISE_ISAS neon)
else()
    message(FATAL_ERROR "lanewise has no kernels for ${CMAKE_SYSTEM_PROCESSOR}")
endif()
set(LANEWISE_ISA_FLAGS_sse2 -msse2)
set(LANEWISE_ISA_FLAGS_avx2 -mavx2 -mfma)
# GCC 12 takes the undefined operands of its own AVX-512 intrinsics for a mistake of ours (GCC bug 105593).
set(LANEWISE_ISA_FLAGS_avx512 -mavx512f $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized;-Wno-maybe-uninitialized>)

# Adds <prefix><isa>.cpp of the current folder to a target, for every instruction set of this processor family.
function(lanewise_isa_sources target prefix)
    foreach(isa IN LISTS LANEWISE_ISAS)
        set(source ${CMAKE_CURRENT_SOURCE_DIR}/${prefix}${isa}.cpp)
        target_sources(${target} PRIVATE ${source})
        set_source_files_properties(${source} TARGET_DIRECTORY ${target} PROPERTIES
            COMPILE_OPTIONS "-O3;-fno-exceptions;-fno-math-errno;${LANEWISE_ISA_FLAGS_${isa}}")
    endforeach()
    target_include_directories(${target} SYSTEM PRIVATE ${XSIMD_INCLUDE_DIR} ${Sleef_INCLUDE_DIR})
endfunction()
