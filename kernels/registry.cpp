#include "registry.hpp"

#include <cstring>

#include "isas.hpp"

namespace lanewise::kernels {

#define LANEWISE_DECLARE(name, condition) extern const Table name##_table;
LANEWISE_BUILT_ISAS(LANEWISE_DECLARE)
#undef LANEWISE_DECLARE

const Table* find_table(const char* name) noexcept {
#define LANEWISE_FIND(isa, condition) \
    if (std::strcmp(name, #isa) == 0) return &isa##_table;
    LANEWISE_BUILT_ISAS(LANEWISE_FIND)
#undef LANEWISE_FIND
    return nullptr;
}

bool can_run(const Table& table) noexcept {
#define LANEWISE_CAN_RUN(name, condition) \
    if (&table == &name##_table) return condition;
    LANEWISE_BUILT_ISAS(LANEWISE_CAN_RUN)
#undef LANEWISE_CAN_RUN
    return false;
}

}  // namespace lanewise::kernels
