// What a schedule cannot be.
// RUN: xdsl-opt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

// A tile has elements.
// CHECK: npu.tile: a tile of 0 elements along i0
"test.op"() {s = #npu.schedule<"whole-tiles" tile(i0 = 0)>} : () -> ()

// -----

// An axis has one tile size.
// CHECK: npu.schedule: tile names i0 twice
"test.op"() {s = #npu.schedule<"whole-tiles" tile(i0 = 8, i0 = 4)>} : () -> ()

// -----

// What is streamed is streamed in tiles.
// CHECK: npu.schedule: stream(i1) has no tile
"test.op"() {s = #npu.schedule<"streamed-tiles" tile(i0 = 8) stream(i1)>} : () -> ()

// -----

// A tensor is packed once.
// CHECK: npu.schedule: pack names lhs twice
"test.op"() {s = #npu.schedule<"output-stationary" pack(lhs, lhs)>} : () -> ()

// -----

// One operand stays where it is.
// CHECK: npu.schedule: one operand is stationary, not several
"test.op"() {s = #npu.schedule<"stationary-operand" stationary(lhs, rhs)>} : () -> ()

// -----

// A sum is computed in at least one part.
// CHECK: npu.schedule: split_k(0)
"test.op"() {s = #npu.schedule<"split-k" split_k(0)>} : () -> ()

// -----

// No buffers fewer than none take turns.
// CHECK: npu.schedule: buffers(-1)
"test.op"() {s = #npu.schedule<"whole-tiles" buffers(-1)>} : () -> ()

// -----

// A strategy has a name.
// CHECK: npu.schedule: a strategy has a name
"test.op"() {s = #npu.schedule<"">} : () -> ()
