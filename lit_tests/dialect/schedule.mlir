// The schedule that a kernel was written for.
// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Tiles of 8 rows are distributed over the cores; each is as wide as the tensor.

// CHECK:   npu.kernel @rows ins() outs(%y: memref<64x48xf32, #npu.scope<global>>) on <vector> blocks 8 target "ascend910b1" schedule<"whole-tiles" tile(i0 = 8)> {
// GENERIC: schedule = #npu.schedule<"whole-tiles" tile(i0 = 8)>
npu.kernel @rows ins() outs(%y: memref<64x48xf32, #npu.scope<global>>) on <vector> blocks 8 target "ascend910b1" schedule<"whole-tiles" tile(i0 = 8)> {
}

// Loops are listed outermost first; those over streamed axes run inside a tile.

// CHECK: schedule<"streamed-tiles" tile(i0 = 1, i1 = 4096) stream(i1)> attributes {note = "kept"}
npu.kernel @streamed ins() outs(%y: memref<64xf32, #npu.scope<global>>) on <vector> blocks 8 target "t" schedule<"streamed-tiles" tile(i0 = 1, i1 = 4096) stream(i1)> attributes {note = "kept"} {
}

func.func @values() {
  // A product whose right factor and result are packed, and rounded when the sum is stored; loops over joined axes have joined names.
  // CHECK: #npu.schedule<"stationary-operand" tile(i0 = 128, i1_i2 = 256, i3 = 64) stationary(lhs) split_k(4) pack(rhs, out) epilogue(relu, cast) buffers(1)>
  "test.op"() {s = #npu.schedule<"stationary-operand" tile(i0 = 128, i1_i2 = 256, i3 = 64) stationary(lhs) split_k(4) pack(rhs, out) epilogue(relu, cast) buffers(1)>} : () -> ()

  // A kernel of several stages has a schedule for each.
  // CHECK: #npu.schedule<"two-pass-reduction" stages(<"whole-tiles" tile(i1 = 512)>, <"whole-tiles">)>
  "test.op"() {s = #npu.schedule<"two-pass-reduction" stages(<"whole-tiles" tile(i1 = 512)>, <"whole-tiles">)>} : () -> ()

  // What says nothing is not printed.
  // CHECK: #npu.schedule<"whole-tiles">
  "test.op"() {s = #npu.schedule<"whole-tiles" tile() split_k(1)>} : () -> ()

  // CHECK: #npu.tile<i0 = 8>
  "test.op"() {s = #npu.tile<i0 = 8>} : () -> ()
  func.return
}
