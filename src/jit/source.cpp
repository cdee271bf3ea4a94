#include "source.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <iterator>
#include <map>
#include <string_view>
#include <vector>

#include "kernel_sources.hpp"

namespace lanewise::jit {

namespace {

/// The kernels' files one after the other: each once, and none includes another.
void append_kernels(std::string& text, Isa isa) {
    const auto append_file = [&](std::string_view content) {
        while (!content.empty()) {
            const std::size_t end = std::min(content.find('\n'), content.size() - 1) + 1;
            const std::string_view line = content.substr(0, end);
            if (!line.starts_with("#include \"") && !line.starts_with("#pragma once")) text += line;
            content.remove_prefix(end);
        }
    };
    const std::string of_isa = fmt::format("{}.hpp", isa_name(isa));
    for (const KernelSource& file : kernel_sources()) {
        if (file.name == of_isa) append_file(file.text);
    }
    for (const KernelSource& file : kernel_sources()) {
        if (!file.of_one_isa) append_file(file.text);
    }
}

/// The body of the functor: every result has a name of its own, whatever row the interpreter keeps it in.
class Body {
  public:
    Body(const Lowered& lowered, std::size_t dimension) {
        for (std::size_t i = 0; i < lowered.constants.size(); ++i)
            line("const V c{}(T(__builtin_bit_cast(double, {:#x}ULL)));", i,
                 std::bit_cast<std::uint64_t>(lowered.constants[i]));
        const std::size_t count = lowered.instructions.size();
        for (std::size_t i = 0, woven = 0; i < count; ++i) {
            add(lowered.instructions[i]);
            for (; woven * count < (i + 1) * dimension; ++woven) line("meanwhile({});", woven);
        }
    }

    std::string text(std::size_t dimension) {
        for (std::uint32_t j = 0; j < dimension; ++j)
            line("g[{}].simd = {};", j, read(kernels::operand(kernels::gradient, j)));
        line("return B({});", read(kernels::operand(kernels::value, 0)));
        return std::move(text_);
    }

  private:
    template <class... Parts>
    void line(fmt::format_string<Parts...> format, Parts&&... parts) {
        text_ += "        ";
        fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
        text_ += '\n';
    }

    std::string read(std::uint32_t operand) const {
        const std::uint32_t index = operand & kernels::index_mask;
        switch (operand >> kernels::space_shift) {
            case kernels::variable: return fmt::format("x[{}].simd", index);
            case kernels::constant: return fmt::format("c{}", index);
            default: return fmt::format("r{}", results_.at(operand));
        }
    }

    /// A new name for what is written to a row now.
    std::size_t write(std::uint32_t row) { return results_[row] = results_so_far_++; }

    std::string call(Opcode op, std::initializer_list<std::uint32_t> operands) const {
        std::string text = fmt::format("operation::{}(", name(op));
        int i = 0;
        for (const std::uint32_t operand : operands) {
            if (i == kernels::operand_count(op)) break;
            text += (i++ == 0 ? "" : ", ") + read(operand);
        }
        return text + ")";
    }

    void add(const kernels::Instruction& i) {
        if (i.op == Opcode::twins) {
            const std::string first = call(kernels::twin_first(i.variant), {i.a, i.b, i.c});
            const std::string second = call(kernels::twin_second(i.variant), {i.a, i.b, i.d});
            line("const V r{} = {};", write(i.to), first);
            line("const V r{} = {};", write(i.e), second);
        } else if (i.op == Opcode::sincos) {
            const std::string both = call(i.op, {i.a});
            const std::size_t sine = write(i.to);
            const std::size_t cosine = write(i.b);
            line("const auto [r{}, r{}] = {};", sine, cosine, both);
        } else {
            const std::string result = call(i.op, {i.a, i.b, i.c});
            line("const V r{} = {};", write(i.to), result);
        }
    }

    std::string text_;
    std::map<std::uint32_t, std::size_t> results_;  ///< by row: the last result written there
    std::size_t results_so_far_ = 0;
};

}  // namespace

std::string source(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision) {
    std::string text;
    append_kernels(text, isa);
    const bool single = precision == Precision::f32;
    fmt::format_to(std::back_inserter(text), R"(
namespace lanewise::kernels {{
namespace {{

template <class T>
struct Lanes {{
    using value_type = T;
    Lanes() = default;
    explicit Lanes(Batch<T> from) : simd(from) {{}}
    Batch<T> simd;
}};

struct Formula {{
    static constexpr std::size_t dimension = {};

    template <class B, class Meanwhile>
    B operator()(const B* x, B* g, Meanwhile meanwhile) const {{
        using T = typename B::value_type;
        using V = Batch<T>;
{}    }}
}};

}}  // namespace
}}  // namespace lanewise::kernels

extern "C" constinit const lanewise::kernels::Native {} = {{
    lanewise::kernels::Formula::dimension, {}, {}}};
)",
                   dimension, Body(lowered, dimension).text(dimension), table_symbol,
                   single ? "{}"
                          : "lanewise::kernels::native_functions<double, lanewise::kernels::Formula, "
                            "lanewise::kernels::Lanes>()",
                   single ? "lanewise::kernels::native_functions<float, lanewise::kernels::Formula, "
                            "lanewise::kernels::Lanes>()"
                          : "{}");
    return text;
}

}  // namespace lanewise::jit
