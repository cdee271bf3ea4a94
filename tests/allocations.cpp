#include "allocations.hpp"

#include <cstdlib>
#include <new>

std::atomic<std::size_t> lanewise::test::allocations = 0;

void* operator new(std::size_t size) {
    ++lanewise::test::allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
