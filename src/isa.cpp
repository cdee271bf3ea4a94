#include "kernel_table.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "kernels/registry.hpp"
#include "names.hpp"

namespace lanewise {

namespace {

const kernels::Table* table_or_null(Isa isa) noexcept {
    static const auto tables = [] {
        std::array<const kernels::Table*, isas> found{};
        for (const auto& [known, name] : spellings<Isa>)
            found[static_cast<std::size_t>(known)] = kernels::find_table(name.data());
        return found;
    }();
    return is_known(isa) ? tables[static_cast<std::size_t>(isa)] : nullptr;
}

std::string available_names() {
    std::string list;
    for (const Isa isa : built_isas()) {
        if (isa_available(isa)) list += fmt::format("{}{}", list.empty() ? "" : ", ", isa_name(isa));
    }
    return list;
}

}  // namespace

std::vector<Isa> built_isas() {
    std::vector<Isa> built;
    for (const auto& [isa, name] : spellings<Isa>) {
        if (table_or_null(isa) != nullptr) built.push_back(isa);
    }
    return built;
}

bool isa_available(Isa isa) noexcept {
    const kernels::Table* table = table_or_null(isa);
    return table != nullptr && kernels::can_run(*table);
}

Isa parse_isa(std::string_view name) {
    if (const std::optional<Isa> isa = value_of<Isa>(name)) return *isa;
    throw std::invalid_argument(
        fmt::format("isa '{}': unknown; available here: {}", name, available_names()));
}

Isa choose_isa(std::optional<Isa> forced) {
    std::string_view origin = "isa";
    if (!forced) {
        if (const char* wanted = std::getenv("LANEWISE_ISA"); wanted != nullptr && *wanted != '\0') {
            forced = parse_isa(wanted);
            origin = "LANEWISE_ISA";
        }
    }
    if (forced) {
        if (!isa_available(*forced)) {
            throw std::invalid_argument(
                fmt::format("{} '{}': not supported by this build on this processor; available here: {}",
                            origin, isa_name(*forced), available_names()));
        }
        return *forced;
    }
    Isa widest = built_isas().front();
    for (const Isa isa : built_isas()) {
        if (isa_available(isa)) widest = isa;
    }
    return widest;
}

const kernels::Table& kernel_table(Isa isa) noexcept {
    return *table_or_null(isa);
}

}  // namespace lanewise
