// The ops that hold a program.
// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// A kernel runs once a block on one core. Its arguments are global buffers: inputs, then outputs.

// CHECK:      npu.kernel @nothing ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 4 target "ascend910b1" {
// CHECK-NEXT:   %block = npu.block_idx : index
// CHECK-NEXT:   %count = npu.block_count : index
// CHECK-NEXT: }
// GENERIC:      "npu.kernel"() <{sym_name = "nothing", input_count = 1 : i64, target = "ascend910b1", core = #npu.core<vector>, blocks = 4 : i64}> ({
// GENERIC-NEXT: ^bb{{[0-9]+}}(%x: memref<8x64xf32, #npu.scope<global>>, %y: memref<8x64xf32, #npu.scope<global>>):
// GENERIC-NEXT:   %block = "npu.block_idx"() : () -> index
// GENERIC-NEXT:   %count = "npu.block_count"() : () -> index
// GENERIC-NEXT:   "npu.return"() : () -> ()
npu.kernel @nothing ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 4 target "ascend910b1" {
  %block = npu.block_idx : index
  %count = npu.block_count : index
  npu.return
}

// A kernel can have attributes of its own, any number of outputs, and no input.

// CHECK: npu.kernel @attributed ins() outs(%y: memref<64xi8, #npu.scope<global>>, %z: memref<64xi8, #npu.scope<global>>) on <cube> blocks 1 target "t" attributes {note = "kept"} {
npu.kernel @attributed ins() outs(%y: memref<64xi8, #npu.scope<global>>, %z: memref<64xi8, #npu.scope<global>>) on <cube> blocks 1 target "t" attributes {note = "kept"} {
}

func.func @main(%x: tensor<8x64xf32>, %m: memref<8x64xf32, #npu.scope<global>>) -> tensor<8x64xf32> {
  // A launch runs all blocks: tensors in, tensors out.
  // CHECK:   %r = npu.launch @nothing(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  // GENERIC: %r = "npu.launch"(%x) <{kernel = @nothing}> : (tensor<8x64xf32>) -> tensor<8x64xf32>
  %r = npu.launch @nothing(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>

  // A stage of the launch before it: behind a barrier of all cores, or freely if it needs none of it.
  // CHECK-NEXT: %s = npu.launch @nothing(%r) joins <barrier> : (tensor<8x64xf32>) -> tensor<8x64xf32>
  // CHECK-NEXT: %f = npu.launch @nothing(%x) joins <free> : (tensor<8x64xf32>) -> tensor<8x64xf32>
  // GENERIC: <{kernel = @nothing, joins = #npu.join<barrier>}>
  %s = npu.launch @nothing(%r) joins <barrier> : (tensor<8x64xf32>) -> tensor<8x64xf32>
  %f = npu.launch @nothing(%x) joins <free> : (tensor<8x64xf32>) -> tensor<8x64xf32>

  // On buffers, outputs are given and nothing is returned.
  // CHECK-NEXT: npu.launch @nothing(%m, %m) : (memref<8x64xf32, #npu.scope<global>>, memref<8x64xf32, #npu.scope<global>>) -> ()
  npu.launch @nothing(%m, %m) : (memref<8x64xf32, #npu.scope<global>>, memref<8x64xf32, #npu.scope<global>>) -> ()

  // Booleans are stored as bytes.
  // CHECK-NEXT: %b, %b_1 = npu.launch @attributed() : () -> (tensor<64xi1>, tensor<64xi8>)
  %b, %b_1 = npu.launch @attributed() : () -> (tensor<64xi1>, tensor<64xi8>)

  // What nobody has written a kernel for yet: the region says what is computed.
  // CHECK-NEXT: %u = npu.undecided "rows" host ins(%r : tensor<8x64xf32>) -> (tensor<8x64xf32>) {
  // CHECK-NEXT: ^bb{{[0-9]+}}(%a: tensor<8x64xf32>):
  // CHECK-NEXT:   %e = math.exp %a : tensor<8x64xf32>
  // CHECK-NEXT:   npu.yield %e : tensor<8x64xf32>
  // CHECK-NEXT: }
  // GENERIC:      %u = "npu.undecided"(%r) <{label = "rows", host}> ({
  // GENERIC:        "npu.yield"(%e) : (tensor<8x64xf32>) -> ()
  // GENERIC-NEXT: }) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  %u = npu.undecided "rows" host ins(%r : tensor<8x64xf32>) -> (tensor<8x64xf32>) {
  ^bb0(%a: tensor<8x64xf32>):
    %e = math.exp %a : tensor<8x64xf32>
    npu.yield %e : tensor<8x64xf32>
  }

  // Label and host are optional; a constant has no input.
  // CHECK-NEXT: %c = npu.undecided ins() -> (tensor<1xf32>) {
  %c = npu.undecided ins() -> (tensor<1xf32>) {
    %e = arith.constant dense<1.0> : tensor<1xf32>
    npu.yield %e : tensor<1xf32>
  }
  func.return %u : tensor<8x64xf32>
}
