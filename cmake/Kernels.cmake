# The instruction sets of this processor family, and what a file compiled for one of them is compiled with. Optimised
# in every build type: inline functions must not leave such a file (tests/kernel_symbols.cmake). Flags of the whole
# build that would change results, or add instructions, are taken back.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(LANEWISE_ISAS sse2 avx2 avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(LANEWISE_ISAS neon)
else()
    message(FATAL_ERROR "lanewise has no kernels for ${CMAKE_SYSTEM_PROCESSOR}")
endif()
set(LANEWISE_ISA_FLAGS_sse2 -march=x86-64)
set(LANEWISE_ISA_FLAGS_avx2 -march=x86-64 -mavx2 -mfma)
# GCC 12 takes the undefined operands of its own AVX-512 intrinsics for a mistake of ours (GCC bug 105593).
set(LANEWISE_ISA_FLAGS_avx512 -march=x86-64 -mavx512f
    $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized;-Wno-maybe-uninitialized>)

set(LANEWISE_KERNEL_FLAGS -O3 -fno-exceptions -fno-fast-math -fno-math-errno -ffp-contract=off)

# Adds a source to a target, compiled for an instruction set.
function(lanewise_isa_source target isa source)
    target_sources(${target} PRIVATE ${source})
    set(include ${XSIMD_INCLUDE_DIR} ${Sleef_INCLUDE_DIR})
    list(REMOVE_ITEM include ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
    list(TRANSFORM include PREPEND -isystem)
    set_source_files_properties(${source} TARGET_DIRECTORY ${target} PROPERTIES COMPILE_OPTIONS
        "${LANEWISE_KERNEL_FLAGS};${LANEWISE_ISA_FLAGS_${isa}};${include}")
endfunction()
