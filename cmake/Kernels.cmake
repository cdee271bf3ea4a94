# The kernels: one thin file per instruction set, each with its own flags, and the baseline registry.
# Optimised in every build type: their inline functions must not leave the file (tests/kernel_symbols.cmake).
add_library(lanewise_kernels OBJECT kernels/registry.cpp)
set_target_properties(lanewise_kernels PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_link_libraries(lanewise_kernels PRIVATE lanewise_flags)

function(lanewise_add_kernels isa)
    target_sources(lanewise_kernels PRIVATE ${PROJECT_SOURCE_DIR}/kernels/${isa}.cpp)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/kernels/${isa}.cpp TARGET_DIRECTORY lanewise_kernels
        PROPERTIES COMPILE_OPTIONS "-O3;-fno-exceptions;-fno-math-errno;${ARGN}"
                   INCLUDE_DIRECTORIES "${XSIMD_INCLUDE_DIR};${Sleef_INCLUDE_DIR}")
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    lanewise_add_kernels(sse2 -msse2)
    lanewise_add_kernels(avx2 -mavx2 -mfma)
    # GCC 12 takes the undefined operands of its own AVX-512 intrinsics for a mistake of ours (GCC bug 105593).
    lanewise_add_kernels(avx512 -mavx512f -Wno-uninitialized $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    lanewise_add_kernels(neon)
else()
    message(FATAL_ERROR "lanewise has no kernels for ${CMAKE_SYSTEM_PROCESSOR}")
endif()
