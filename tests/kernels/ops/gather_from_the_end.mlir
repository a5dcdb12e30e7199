func.func @main(%t: tensor<5x3xf32>, %i: tensor<4xi32>) -> tensor<4x3xf32> {
  %r = npu.undecided "gather" ins(%t, %i : tensor<5x3xf32>, tensor<4xi32>) -> (tensor<4x3xf32>) {
  ^bb0(%a: tensor<5x3xf32>, %b: tensor<4xi32>):
    %e = tensor.empty() : tensor<4x3xf32>
    %0 = linalg.generic {
        indexing_maps = [affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>],
        iterator_types = ["parallel", "parallel"]
      } ins(%b : tensor<4xi32>) outs(%e : tensor<4x3xf32>) {
    ^bb1(%in: i32, %o: f32):
      %zero = arith.constant 0 : i32
      %five = arith.constant 5 : i32
      %neg = arith.cmpi slt, %in, %zero : i32
      %m = arith.addi %in, %five : i32
      %n = arith.select %neg, %m, %in : i32
      %row = arith.index_cast %n : i32 to index
      %c = linalg.index 1 : index
      %v = tensor.extract %a[%row, %c] : tensor<5x3xf32>
      linalg.yield %v : f32
    } -> tensor<4x3xf32>
    npu.yield %0 : tensor<4x3xf32>
  }
  func.return %r : tensor<4x3xf32>
}
