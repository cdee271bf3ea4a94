#include "lanewise/limits.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "aligned.hpp"
#include "kernel_table.hpp"
#include "kernels/table.hpp"
#include "objective/program_code.hpp"

namespace lanewise {

namespace {

using kernels::Exercise;

constexpr std::size_t repetitions = 5;
constexpr double least_seconds = 1e-3;  // of each

double seconds_of(const auto& act) {
    const auto begin = std::chrono::steady_clock::now();
    act();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Nanoseconds for each of what work(rounds) returns, at best.
double nanoseconds(const auto& work) {
    std::size_t rounds = 1;
    std::size_t done = 0;
    while (seconds_of([&] { done = work(rounds); }) < least_seconds) rounds *= 2;
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < repetitions; ++i) {
        const double seconds = seconds_of([&] { done = work(rounds); });
        best = std::min(best, seconds * 1e9 / static_cast<double>(done));
    }
    return best;
}

bool is_function(Opcode op) {
    switch (op) {
#define LANEWISE_IS_FUNCTION(name, ...) case Opcode::name:
        LANEWISE_FUNCTIONS(LANEWISE_IS_FUNCTION)
#undef LANEWISE_IS_FUNCTION
        case Opcode::sin:
        case Opcode::cos:
        case Opcode::sincos:
        case Opcode::gamma:
        case Opcode::digamma: return true;
        default: return false;
    }
}

template <class T>
Limits measure(const kernels::Functions<T>& functions) {
    constexpr std::size_t l1 = std::size_t{16} << 10U;  // bytes
    constexpr std::size_t l2 = std::size_t{256} << 10U;
    constexpr std::size_t memory = std::size_t{64} << 20U;
    const AlignedArray<T> buffer(memory / sizeof(T));
    const auto limit = [&](Exercise what, std::size_t bytes) {
        std::fill_n(buffer.data(), bytes / sizeof(T), T(1.5));
        return nanoseconds([&](std::size_t rounds) {
            return functions.exercise(what, rounds, buffer.data(), bytes / sizeof(T));
        });
    };
    Limits limits{.add = limit(Exercise::add, l1),
                  .fma = limit(Exercise::fma, l1),
                  .add_and_fma = limit(Exercise::add_and_fma, l1),
                  .select = limit(Exercise::select, l1),
                  .all_by_turns = limit(Exercise::all_by_turns, l1),
                  .divide = limit(Exercise::divide, l1),
                  .square_root = limit(Exercise::square_root, l1),
                  .newton = {},
                  .l1_load = limit(Exercise::load, l1),
                  .l1_store = limit(Exercise::store, l1),
                  .l2_load = limit(Exercise::load, l2),
                  .l2_store = limit(Exercise::store, l2),
                  .memory_load = limit(Exercise::load, memory),
                  .memory_store = limit(Exercise::store, memory),
                  .functions = {}};

    if (functions.has_newton_forms)
        limits.newton = {limit(Exercise::newton_divide, l1), limit(Exercise::newton_square_root, l1)};

    // Functions on two rows of arguments that all of them are defined for.
    constexpr std::size_t lanes = 256;
    for (std::size_t i = 0; i < 2 * lanes; ++i)
        buffer.data()[i] = static_cast<T>(0.1 + 0.8 * static_cast<double>(i % 97) / 97);
    for (std::size_t op = 0; op < kernels::opcodes; ++op) {
        const auto opcode = static_cast<Opcode>(op);
        if (!is_function(opcode)) continue;
        const kernels::Instruction instruction{.op = opcode,
                                               .to = kernels::operand(kernels::scratch, 0),
                                               .a = kernels::operand(kernels::variable, 0),
                                               .b = opcode == Opcode::sincos
                                                        ? kernels::operand(kernels::scratch, 1)
                                                        : kernels::operand(kernels::variable, 1)};
        T* const scratch = buffer.data() + 2 * lanes;
        limits.functions[std::string(name(opcode))] = nanoseconds([&](std::size_t rounds) {
            for (std::size_t round = 0; round < rounds; ++round)
                functions.interpret({&instruction, 1, nullptr}, lanes, buffer.data(), scratch, scratch,
                                    scratch);
            return rounds * lanes;
        });
    }
    return limits;
}

/// What a step takes for each variable, with the look for faults; see kernels/rules.ipp and advance.ipp.
Operations operations_of_step(Method method) {
    const auto operations = [](std::size_t adds, std::size_t multiplies, std::size_t fmas,
                               std::size_t selects, std::size_t divides, std::size_t square_roots) {
        return Operations{adds, multiplies, fmas, selects, divides, square_roots, {}};
    };
    switch (method) {
        case Method::adam: return operations(1, 2, 5, 8, 1, 1);
        case Method::gradient_descent: return operations(0, 2, 2, 4, 0, 0);
        case Method::momentum: return operations(0, 2, 3, 6, 0, 0);
        case Method::adagrad: return operations(1, 1, 4, 6, 1, 1);
        case Method::rmsprop: return operations(1, 2, 4, 6, 1, 1);
        case Method::amsgrad: return operations(1, 2, 5, 12, 1, 1);
        case Method::adamax: return operations(1, 2, 4, 13, 1, 0);
        case Method::nadam: return operations(1, 2, 6, 8, 1, 1);
        case Method::lbfgs: break;
    }
    return {};
}

/// What the look takes once.
constexpr std::size_t selects_of_look = 7;

/// In selects, as kernels/operations.hpp has them.
std::size_t selects_of(Opcode op) {
    switch (op) {
        case Opcode::neg:
        case Opcode::abs: return 1;
        case Opcode::floor:
        case Opcode::ceil:
        case Opcode::lt:
        case Opcode::le:
        case Opcode::eq:
        case Opcode::ne:
        case Opcode::logical_not:
        case Opcode::select: return 2;
        case Opcode::min:
        case Opcode::max:
        case Opcode::logical_and:
        case Opcode::logical_or: return 4;
        case Opcode::sign: return 6;
        default: return 0;
    }
}

}  // namespace

Limits measure_limits(Isa isa, Precision precision) {
    const kernels::Table& table = kernel_table(choose_isa(isa));
    return precision == Precision::f64 ? measure(table.f64) : measure(table.f32);
}

std::size_t Operations::flops() const noexcept {
    std::size_t sum = adds + multiplies + 2 * fmas + divides + square_roots;
    for (const auto& [name, count] : functions) sum += count;
    return sum;
}

Operations operations_of(const Program& program, Method method) {
    Operations all = operations_of_step(method);
    for (std::size_t* count :
         {&all.adds, &all.multiplies, &all.fmas, &all.selects, &all.divides, &all.square_roots})
        *count *= program.dimension();
    all.selects += selects_of_look;
    visit_operations(program.code().runnable.lowered(), [&](Opcode op) {
        if (is_function(op)) ++all.functions[std::string(name(op))];
        all.selects += selects_of(op);
        switch (op) {
            case Opcode::add:
            case Opcode::sub: ++all.adds; break;
            case Opcode::mul: ++all.multiplies; break;
            case Opcode::fma:
            case Opcode::fms:
            case Opcode::fnma: ++all.fmas; break;
            case Opcode::div: ++all.divides; break;
            case Opcode::sqrt: ++all.square_roots; break;
            default: break;
        }
    });
    return all;
}

Least least_time(const Operations& operations, const Limits& limits) {
    const auto adds = static_cast<double>(operations.adds);
    const auto fmas = static_cast<double>(operations.multiplies + operations.fmas);
    const auto selects = static_cast<double>(operations.selects);
    double others =
        std::max({adds * limits.add, fmas * limits.fma, selects * limits.select,
                  (adds + fmas) * limits.add_and_fma, (adds + fmas + selects) * limits.all_by_turns});
    for (const auto& [function, count] : operations.functions)
        others += static_cast<double>(count) * limits.functions.at(function);

    const auto quotients = static_cast<double>(operations.divides);
    const auto roots = static_cast<double>(operations.square_roots);
    Least least{.nanoseconds = std::numeric_limits<double>::infinity(),
                .divider = false,
                .newton_roots = false,
                .newton_quotients = false};
    for (const bool newton_roots : {false, true}) {
        for (const bool newton_quotients : {false, true}) {
            if ((newton_roots || newton_quotients) && !limits.newton) continue;
            const double divider = (newton_quotients ? 0 : quotients * limits.divide) +
                                   (newton_roots ? 0 : roots * limits.square_root);
            double beside = others;
            if (newton_quotients) beside += quotients * limits.newton->divide;
            if (newton_roots) beside += roots * limits.newton->square_root;
            const double busier = std::max(divider, beside);
            if (busier < least.nanoseconds)
                least = {busier, divider > beside, newton_roots, newton_quotients};
        }
    }
    return least;
}

}  // namespace lanewise
