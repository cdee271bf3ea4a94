// What an operation of the interpreter gives depends on its operands alone, to the bit: not on the lane, not
// on what the other lanes hold, and not on the instruction set if that has fused multiply-add.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "aligned.hpp"
#include "catch.hpp"
#include "kernels/registry.hpp"
#include "lanewise/isa.hpp"
#include "ulp.hpp"

using namespace lanewise;
using kernels::Opcode;
using test::Random;
using test::Real;

namespace {

struct Operation {
    const char* name;
    Opcode op;
};

/// But for sums over rows, which add to what is there (tests/rows_test.cpp).
const std::vector<Operation> operations = [] {
    std::vector<Operation> all = {
#define LANEWISE_OPERATION(name, ...) {#name, Opcode::name},
        LANEWISE_OPERATIONS(LANEWISE_OPERATION) LANEWISE_FUNCTIONS(LANEWISE_OPERATION)
#undef LANEWISE_OPERATION
    };
    std::erase_if(all, [](const Operation& operation) {
        return operation.op == Opcode::sum_rows || operation.op == Opcode::sum_products;
    });
    return all;
}();

template <class T>
using Operands = std::array<T, 3>;

/// What an operation gives; the second is the cosine of sincos, and 0 for the others.
template <class T>
using Results = std::array<T, 2>;

constexpr std::size_t lanes_at_once = 2048;

/// An operation on an instruction set.
template <class T>
class Runner {
  public:
    Runner(Opcode op, Isa isa, int variant = 0)
        : functions_(&kernels::functions<T>(*kernels::find_table(isa_name(isa).data()))),
          instruction_{.op = op,
                       .variant = static_cast<std::uint16_t>(variant),
                       .to = kernels::operand(kernels::value, 0),
                       .a = kernels::operand(kernels::variable, 0),
                       .b = kernels::operand(kernels::variable, 1),
                       .c = kernels::operand(kernels::variable, 2),
                       .d = kernels::operand(kernels::variable, 1),
                       .e = kernels::operand(kernels::gradient, 0)} {
        if (op == Opcode::sincos) instruction_.b = kernels::operand(kernels::gradient, 0);
    }

    std::vector<Results<T>> operator()(const std::vector<Operands<T>>& operands) {
        const std::size_t lanes = operands.size();
        T* f = rows_.data() + 3 * lanes;
        T* g = f + lanes;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            for (std::size_t i = 0; i < 3; ++i) rows_[i * lanes + lane] = operands[lane][i];
            g[lane] = 0;
        }
        functions_->interpret({&instruction_, 1, nullptr}, lanes, rows_.data(), nullptr, f, g);
        std::vector<Results<T>> results(lanes);
        for (std::size_t lane = 0; lane < lanes; ++lane) results[lane] = {f[lane], g[lane]};
        return results;
    }

  private:
    const kernels::Functions<T>* functions_;
    kernels::Instruction instruction_;
    AlignedArray<T> rows_{5 * lanes_at_once};
};

/// Every third or so is a number at which some function leaves its usual path.
template <class T>
T draw(Random& random) {
    using Limits = std::numeric_limits<T>;
    constexpr T pi = std::numbers::pi_v<T>;
    constexpr T odd[] = {Limits::quiet_NaN(),
                         Limits::infinity(),
                         -Limits::infinity(),
                         0,
                         T(-0.0),
                         Limits::max(),
                         -Limits::max() / 8,
                         Limits::min(),
                         -Limits::min() / 64,
                         Limits::denorm_min(),
                         1,
                         -1,
                         2,
                         T(0.5),
                         -3,
                         pi / 2,
                         -7 * pi / 4,
                         1000 * pi,
                         T(14.9),
                         T(15.1),
                         T(124.9),
                         T(125.1),
                         T(-8191.9),
                         T(8192.1),
                         T(38999),
                         T(-39001),
                         T(1e13),
                         T(-1e15),
                         T(1e22),
                         T(88.7),
                         T(-104),
                         T(709.5),
                         T(-745),
                         T(1024)};
    switch (static_cast<int>(random.between(0, 6))) {
        case 0:
        case 1: return odd[static_cast<std::size_t>(random.between(0, std::size(odd)))];
        case 2: return static_cast<T>(random.sign() * random.size(Limits::min(), Limits::max() / 2));
        case 3: return static_cast<T>(random.sign() * random.size(1e-5, 1e5));
        case 4: return static_cast<T>(std::round(random.between(-20, 20)));
        default: return static_cast<T>(random.between(-1, 1));
    }
}

template <class T>
std::vector<Operands<T>> draw_operands() {
    Random random;
    std::vector<Operands<T>> operands(lanes_at_once);
    for (Operands<T>& lane : operands) {
        for (T& operand : lane) operand = draw<T>(random);
    }
    return operands;
}

template <class T>
bool same_bits(T a, T b) {
    using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b) || (std::isnan(a) && std::isnan(b));
}

template <class T>
bool same_bits(const Results<T>& a, const Results<T>& b) {
    return same_bits(a[0], b[0]) && same_bits(a[1], b[1]);
}

const std::string none;

/// `none` when `got` is `expected`.
template <class T>
std::string difference(const Operation& operation, const Operands<T>& at, const Results<T>& got,
                       const Results<T>& expected) {
    if (same_bits(got, expected)) return none;
    std::ostringstream text;
    text << std::hexfloat << operation.name << "(" << at[0] << ", " << at[1] << ", " << at[2] << ") is "
         << got[0] << ", " << got[1] << " and " << expected[0] << ", " << expected[1];
    return text.str();
}

template <class T>
std::string difference_by_place(const Operation& operation, Isa isa) {
    const std::vector<Operands<T>> operands = draw_operands<T>();
    Runner<T> run(operation.op, isa);
    std::vector<Results<T>> alone;
    alone.reserve(operands.size());
    for (const Operands<T>& lane : operands)
        alone.push_back(run(std::vector<Operands<T>>(kernels::lane_group, lane)).front());
    std::vector<Operands<T>> moved(operands.size());
    for (std::size_t round = 0; round < kernels::lane_group; ++round) {
        // In sixteen rounds everyone sits once at every place of a group, each time beside others.
        const auto place = [&](std::size_t i) {
            return (i * (kernels::lane_group * round + 1) + round) % operands.size();
        };
        for (std::size_t i = 0; i < operands.size(); ++i) moved[place(i)] = operands[i];
        const std::vector<Results<T>> together = run(moved);
        for (std::size_t i = 0; i < operands.size(); ++i) {
            const std::string text = difference(operation, operands[i], together[place(i)], alone[i]);
            if (text != none) return text + " alone; lane " + std::to_string(place(i));
        }
    }
    return none;
}

template <class T>
std::string difference_between(const Operation& operation, Isa one, Isa other) {
    const std::vector<Operands<T>> operands = draw_operands<T>();
    const std::vector<Results<T>> results = Runner<T>(operation.op, one)(operands);
    const std::vector<Results<T>> others = Runner<T>(operation.op, other)(operands);
    for (std::size_t i = 0; i < operands.size(); ++i) {
        std::string text = difference(operation, operands[i], results[i], others[i]);
        if (text != none) return text;
    }
    return none;
}

std::vector<Isa> fused_isas() {
    std::vector<Isa> fused;
    for (const Isa isa : built_isas()) {
        if (isa_available(isa) && isa != Isa::sse2) fused.push_back(isa);
    }
    return fused;
}

bool is_multiply_add(Opcode op) {
    return op == Opcode::fma || op == Opcode::fms || op == Opcode::fnma || op == Opcode::twins;
}

/// The largest distance in ULP.
template <class T>
double distance_between(const Operation& operation, Isa one, Isa other) {
    const std::vector<Operands<T>> operands = draw_operands<T>();
    const std::vector<Results<T>> results = Runner<T>(operation.op, one)(operands);
    const std::vector<Results<T>> others = Runner<T>(operation.op, other)(operands);
    double farthest = 0;
    for (std::size_t i = 0; i < operands.size(); ++i) {
        for (std::size_t k = 0; k < 2; ++k)
            farthest = std::max(farthest, test::ulps<T>(results[i][k], static_cast<Real>(others[i][k])));
    }
    return farthest;
}

template <class T>
void check_multiply_add(Isa isa) {
    const std::vector<Operands<T>> operands = draw_operands<T>();
    const auto expect = [&](Opcode op, auto expected) {
        const std::vector<Results<T>> results = Runner<T>(op, isa)(operands);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < operands.size(); ++i) {
            const auto [a, b, c] = operands[i];
            if (!same_bits(results[i][0], static_cast<T>(expected(a, b, c)))) ++wrong;
        }
        CHECK(wrong == 0);
    };
    if (isa == Isa::sse2) {
        expect(Opcode::fma, [](T a, T b, T c) { return a * b + c; });
        expect(Opcode::fms, [](T a, T b, T c) { return a * b - c; });
        expect(Opcode::fnma, [](T a, T b, T c) { return c - a * b; });
    } else {
        expect(Opcode::fma, [](T a, T b, T c) { return std::fma(a, b, c); });
        expect(Opcode::fms, [](T a, T b, T c) { return std::fma(a, b, -c); });
        expect(Opcode::fnma, [](T a, T b, T c) { return std::fma(-a, b, c); });
    }
}

/// Twins are the two multiply-adds, here of the factors a and b with the addends c and b.
template <class T>
void check_twins(Isa isa) {
    const std::vector<Operands<T>> operands = draw_operands<T>();
    std::vector<Operands<T>> second_operands = operands;
    for (auto& [a, b, c] : second_operands) c = b;
    for (int variant = 0; variant < kernels::twin_kind_count * kernels::twin_kind_count; ++variant) {
        const std::vector<Results<T>> both = Runner<T>(Opcode::twins, isa, variant)(operands);
        const std::vector<Results<T>> first = Runner<T>(kernels::twin_first(variant), isa)(operands);
        const std::vector<Results<T>> second = Runner<T>(kernels::twin_second(variant), isa)(second_operands);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < operands.size(); ++i)
            wrong += !same_bits(both[i][0], first[i][0]) || !same_bits(both[i][1], second[i][0]) ? 1 : 0;
        INFO("variant " << variant);
        CHECK(wrong == 0);
    }
}

}  // namespace

TEST_CASE("every operation has the same bits at every lane beside any neighbours") {
    for (const Operation& operation : operations) {
        CHECK(difference_by_place<double>(operation, choose_isa()) == none);
        CHECK(difference_by_place<float>(operation, choose_isa()) == none);
    }
}

TEST_CASE("every operation has the same bits on every instruction set with fused multiply-add") {
    const Isa isa = choose_isa();
    if (isa == Isa::sse2) return;
    for (const Isa other : fused_isas()) {
        INFO(isa_name(isa) << " and " << isa_name(other));
        for (const Operation& operation : operations) {
            CHECK(difference_between<double>(operation, isa, other) == none);
            CHECK(difference_between<float>(operation, isa, other) == none);
        }
    }
}

TEST_CASE("multiply-add rounds once where it is fused, twice on sse2") {
    check_multiply_add<double>(choose_isa());
    check_multiply_add<float>(choose_isa());
}

TEST_CASE("twins are two multiply-adds") {
    check_twins<double>(choose_isa());
    check_twins<float>(choose_isa());
}

TEST_CASE("sse2 is within 4 ULP of the instruction sets with fused multiply-add") {
    if (choose_isa() != Isa::sse2) return;
    for (const Isa other : fused_isas()) {
        for (const Operation& operation : operations) {
            // Near its zeros digamma has an absolute bound only; tests/program_test.cpp.
            if (is_multiply_add(operation.op) || operation.op == Opcode::digamma) continue;
            INFO(operation.name << " on " << isa_name(other));
            CHECK(distance_between<double>(operation, Isa::sse2, other) <= 4);
            CHECK(distance_between<float>(operation, Isa::sse2, other) <= 4);
        }
    }
}
