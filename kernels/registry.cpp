#include "registry.hpp"

#include <cstring>

namespace lanewise::kernels {

namespace {

#if defined(__x86_64__)
constexpr const Table* tables[] = {&sse2_table, &avx2_table, &avx512_table};
#elif defined(__aarch64__)
constexpr const Table* tables[] = {&neon_table};
#endif

}  // namespace

const Table* find_table(const char* name) noexcept {
    for (const Table* table : tables) {
        if (std::strcmp(table->name, name) == 0) return table;
    }
    return nullptr;
}

bool can_run(const Table& table) noexcept {
#if defined(__x86_64__)
    if (&table == &avx2_table)
        return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    if (&table == &avx512_table) return __builtin_cpu_supports("avx512f") != 0;
#endif
    static_cast<void>(table);
    return true;  // the baseline of the architecture
}

}  // namespace lanewise::kernels
